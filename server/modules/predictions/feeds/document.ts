import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { isStorable } from '../rules/input.ts';

/** A feed document that is not what its format says. The message is for the operator. */
export class FeedDocumentError extends Error {}

/** Deepest nesting of a document: enough for every known format. */
const MOST_DEPTH = 12;

/** Makes a reader of JSON documents of one form. It throws FeedDocumentError for text that is none. */
export function documentReader<S extends TSchema>(schema: S): (text: string) => Static<S> {
  const form = Compile(schema);
  return (text) => {
    const value = parse(text);
    if (!form.Check(value)) {
      const [fault] = form.Errors(value);
      throw new FeedDocumentError(
        `${fault?.instancePath || 'the document'} ${fault?.message ?? 'is not of the format'}`,
      );
    }
    return value as Static<S>;
  };
}

function parse(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FeedDocumentError(`the document is not JSON: ${(error as Error).message}`);
  }
  if (!isKeepable(value, 0))
    throw new FeedDocumentError('the document nests too deeply or holds characters that cannot be kept');
  return value;
}

/** Whether every text in it can be stored (PF-04). */
function isKeepable(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return isStorable(value);
  if (typeof value !== 'object' || value === null) return true;
  return depth < MOST_DEPTH && Object.values(value).every((child) => isKeepable(child, depth + 1));
}
