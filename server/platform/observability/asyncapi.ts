/** A kind of topic, as its module declares it. */
export interface DescribedTopic {
  /** Address with parameters: `predictions/game/{id}`. */
  name: string;
  summary: string;
  /** Types of events that it carries, with the JSON schema of `data`. */
  events: Readonly<Record<string, unknown>>;
}

/** The document of the native realtime protocol (PF-02, PF-23): every topic as a channel, every event type as a message. */
export function asyncapiDocument(options: {
  version: string;
  publicUrl: string;
  topics: readonly DescribedTopic[];
}): object {
  const { host, protocol } = new URL(options.publicUrl);
  const messages: Record<string, object> = {};
  const channels: Record<string, object> = {};
  const operations: Record<string, object> = {};
  for (const topic of options.topics) {
    const name = topic.name.replaceAll(/[{}]/g, '').replaceAll(/[^A-Za-z0-9]+/g, '.');
    const refs = Object.entries(topic.events).map(([type, data]) => {
      messages[`${name}.${type}`] = { name: type, payload: frameSchema(type, data) };
      return [type.replaceAll('.', '_'), { $ref: `#/components/messages/${name}.${type}` }] as const;
    });
    const parameters = [...topic.name.matchAll(/\{(\w+)\}/g)].map((match) => [match[1]!, { description: match[1]! }]);
    channels[name] = {
      address: topic.name,
      description: topic.summary,
      messages: Object.fromEntries(refs),
      ...(parameters.length > 0 ? { parameters: Object.fromEntries(parameters) } : {}),
    };
    operations[`receive.${name}`] = { action: 'send', channel: { $ref: `#/channels/${name}` } };
  }
  return {
    asyncapi: '3.0.0',
    info: { title: 'Greenroom realtime', version: options.version },
    servers: { realtime: { host, protocol: protocol === 'https:' ? 'wss' : 'ws', pathname: '/realtime' } },
    ...{ channels, operations, components: { messages } },
  };
}

function frameSchema(type: string, data: unknown): object {
  return {
    type: 'object',
    required: ['topic', 'seq', 'type', 'at', 'data'],
    properties: {
      topic: { type: 'string' },
      seq: { type: 'integer' },
      type: { const: type },
      at: { type: 'integer' },
      data,
    },
  };
}
