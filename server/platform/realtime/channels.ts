import type { EventFeed } from '../events/types.ts';
import { type ChannelOptions, createChannel, type Encode } from './channel.ts';
import type { Channel } from './types.ts';

/** The channels of one wire, one a topic, while they have subscribers. */
export class Channels {
  readonly #feed: EventFeed;
  readonly #open = new Map<string, Channel>();

  constructor(feed: EventFeed) {
    this.#feed = feed;
  }

  /** The channel of `topic`; `encode` and `options` are taken when it has to be made. */
  of(topic: string, encode: Encode, options: Omit<ChannelOptions, 'onEmpty'> = {}): Channel {
    let channel = this.#open.get(topic);
    if (channel === undefined) {
      channel = createChannel(this.#feed, topic, encode, {
        ...options,
        onEmpty: (empty) => {
          if (this.#open.get(topic) === empty) this.#open.delete(topic);
        },
      });
      this.#open.set(topic, channel);
    }
    return channel;
  }

  get size(): number {
    return this.#open.size;
  }
}
