import { randomBytes, randomUUID } from 'node:crypto';
import { InstallationClock } from './clock.ts';
import type { Logger, Ports } from './ports.ts';

/** The ports of the real world. */
export function systemPorts(log: Logger): Ports & { clock: InstallationClock } {
  return {
    clock: new InstallationClock(),
    random: { bytes: (length) => randomBytes(length), fraction: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48 },
    ids: { uuid: () => randomUUID() },
    log,
  };
}
