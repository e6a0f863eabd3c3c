import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audit } from './simulation/audit.ts';
import { Simulation } from './simulation/simulation.ts';

/**
 * Seeded schedules against the real services on the real database (DESIGN 5).
 *   SIM_SEED=seed     replays one schedule (as far as concurrency allows)
 *   SIM_POOLS=10000   the long form: schedules until so many pools were played
 *   SIM_STEPS=1000    steps of each schedule
 */
const POOLS = Number(process.env.SIM_POOLS ?? 300);
const STEPS = Number(process.env.SIM_STEPS ?? 150);

/** Plays one schedule to its end and gives how many pools it has had. @throws with the seed and what was done */
async function play(seed: string, told: (line: string) => void): Promise<number> {
  const simulation = await Simulation.open(seed);
  try {
    for (let step = 0; step < STEPS; step++) await simulation.step();
    await simulation.calm();
    await compare(simulation);
    await simulation.closeAll();
    await simulation.calm();
    await compare(simulation);
    const { bets, events } = simulation.journal.counts;
    const pools = await simulation.countPools();
    told(`seed ${seed}: ${pools} pools, ${bets} bets, ${events} events, ${simulation.crashes} crashes`);
    return pools;
  } catch (error) {
    const tail = simulation.trace.slice(-30).join('\n');
    throw new Error(`SIM_SEED=${seed} SIM_STEPS=${STEPS} replays this; it ended with\n${tail}`, { cause: error });
  } finally {
    await simulation.close();
  }
}

/** Everything the people were told is there once, and everything that is there follows from the contract's rules. */
async function compare(simulation: Simulation): Promise<void> {
  const { installation, journal } = simulation;
  const { database } = installation.processes[0]!.services;
  assert.deepEqual(await journal.findDifferences(database), []);
  const graceMs = installation.settings.expiryGraceMs ?? 0;
  assert.deepEqual(await audit(database, { graceMs, now: installation.clock.now() }), []);
}

test(`predictions-72: ${POOLS} random pools, stakes, late bets, events, faults and kills keep every invariant`, async (t) => {
  const told = (line: string) => t.diagnostic(line);
  if (process.env.SIM_SEED !== undefined) {
    await play(process.env.SIM_SEED, told);
    return;
  }
  let pools = 0;
  for (let i = 1; pools < POOLS; i++) pools += await play(`schedule-${i}`, told);
  t.diagnostic(`${pools} pools in all`);
});
