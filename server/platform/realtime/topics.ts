import { NotFound } from '../errors.ts';
import type { TopicDefinition } from './types.ts';

export interface TopicMatch {
  definition: TopicDefinition;
  params: Readonly<Record<string, string>>;
}

const MAX_TOPIC_LENGTH = 255;
const SEGMENT = /^[A-Za-z0-9_.~-]{1,128}$/;
const PATTERN_SEGMENT = /^:?[A-Za-z0-9_.~-]{1,128}$/;

interface Node {
  literals: Map<string, Node>;
  parameter: Node | undefined;
  leaf: { definition: TopicDefinition; names: readonly string[] } | undefined;
}

/** Every topic the modules serve; a literal segment beats a parameter. Two definitions of the same shape are a start-up error. */
export class TopicRegistry {
  readonly #root: Node = emptyNode();
  readonly #definitions: TopicDefinition[] = [];

  /** @throws Error for a malformed pattern, or one that another definition already covers exactly. */
  define(definitions: readonly TopicDefinition[]): void {
    for (const definition of definitions) this.#add(definition);
  }

  get definitions(): readonly TopicDefinition[] {
    return this.#definitions;
  }

  /** @throws NotFound (`unknown_topic`) when nobody serves `topic`. */
  match(topic: string): TopicMatch {
    const values: string[] = [];
    const segments = topic.length <= MAX_TOPIC_LENGTH ? topic.split('/') : [];
    const leaf = segments.every((segment) => SEGMENT.test(segment)) ? find(this.#root, segments, 0, values) : undefined;
    if (leaf === undefined) throw new NotFound('unknown_topic', 'There is no such topic.');
    return {
      definition: leaf.definition,
      params: Object.fromEntries(leaf.names.map((name, index) => [name, values[index]!])),
    };
  }

  #add(definition: TopicDefinition): void {
    const segments = definition.pattern.split('/');
    if (!segments.every((segment) => PATTERN_SEGMENT.test(segment)) || segments[0]!.startsWith(':')) {
      throw new Error(`topic pattern ${definition.pattern}: must be segments joined by "/", the first a module's name`);
    }
    const names: string[] = [];
    let node = this.#root;
    for (const segment of segments) {
      if (segment.startsWith(':')) {
        names.push(segment.slice(1));
        node.parameter ??= emptyNode();
        node = node.parameter;
      } else {
        const next = node.literals.get(segment) ?? emptyNode();
        node.literals.set(segment, next);
        node = next;
      }
    }
    if (node.leaf !== undefined) {
      throw new Error(`topic pattern ${definition.pattern}: ${node.leaf.definition.pattern} is defined already`);
    }
    if (new Set(names).size < names.length) throw new Error(`topic pattern ${definition.pattern}: a parameter twice`);
    node.leaf = { definition, names };
    this.#definitions.push(definition);
  }
}

function emptyNode(): Node {
  return { literals: new Map(), parameter: undefined, leaf: undefined };
}

function find(node: Node, segments: readonly string[], at: number, values: string[]): Node['leaf'] {
  if (at === segments.length) return node.leaf;
  const segment = segments[at]!;
  const literal = node.literals.get(segment);
  const found = literal && find(literal, segments, at + 1, values);
  if (found !== undefined || node.parameter === undefined) return found;
  values.push(segment);
  const leaf = find(node.parameter, segments, at + 1, values);
  if (leaf === undefined) values.pop();
  return leaf;
}
