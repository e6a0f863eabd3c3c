import type { Command } from './index.ts';

/** Prints a document that a running server publishes. */
function printed(path: string, doc: string): Command {
  return {
    doc,
    options: { url: { type: 'string', default: 'http://127.0.0.1:8080' } },
    async run({ values }) {
      const response = await fetch(new URL(path, String(values.url)));
      if (!response.ok) throw new Error(`${path} answered ${response.status}`);
      process.stdout.write(`${JSON.stringify(await response.json(), null, 2)}\n`);
      return 0;
    },
  };
}

export const openapi = printed('/openapi.json', 'prints the OpenAPI document of a running server');
export const asyncapi = printed('/asyncapi.json', 'prints the AsyncAPI document of a running server');
