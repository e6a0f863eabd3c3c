import type { Bus } from './types.ts';

/**
 * The bus of an installation without Redis: nobody to talk to. Other processes, and commands beside a running server, are heard of by comparing heads
 * (DESIGN M7).
 */
export function createMemoryBus(): Bus {
  return {
    publish: () => undefined,
    subscribe: () => () => undefined,
    healthy: () => false,
    onReconnect: () => () => undefined,
    close: async () => undefined,
  };
}
