import type { Bus } from './types.ts';

/**
 * The bus of an installation without Redis: nobody to talk to. Other processes learn of events by comparing heads (DESIGN M7), unless this
 * process has the database for itself (`alone`: the embedded one).
 */
export function createMemoryBus(options: { alone: boolean }): Bus {
  return {
    publish: () => undefined,
    subscribe: () => () => undefined,
    healthy: () => options.alone,
    onReconnect: () => () => undefined,
    close: async () => undefined,
  };
}
