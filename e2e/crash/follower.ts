import { setTimeout as pause } from 'node:timers/promises';
import { NativeClient, type TopicEvent } from '../support/native-client.ts';

const AGAIN_AFTER_MS = 30;

/** What a subscriber has got of one topic. */
export interface Followed {
  count: number;
  /** What went against the protocol: holes, repeats, resets. */
  faults: string[];
}

/** Follows a game on the native wire until it is closed, over every loss of the connection, resuming where it stood (PF-23). */
export async function follow(wsUrl: string, gameId: string): Promise<Followed> {
  const followed: Followed = { count: 0, faults: [] };
  let position: { epoch: string; seq: number } | undefined;
  let isClosed = false;
  const take = (event: TopicEvent) => {
    if (event.seq !== position!.seq + 1) followed.faults.push(`${event.seq} after ${position!.seq}`);
    position!.seq = event.seq;
    followed.count++;
    isClosed ||= event.type === 'game.closed';
  };
  while (!isClosed) {
    const client = new NativeClient(wsUrl);
    try {
      await client.open();
      const answer = await client.subscribe(`predictions/game/${gameId}`, position);
      if (answer.ok !== true) throw new Error(answer.error?.message);
      if (answer.reset === true && position) followed.faults.push(`reset at ${position.seq}`);
      position ??= { epoch: answer.epoch!, seq: answer.seq! };
      for (let next = 0; !isClosed; next++) take(await nextEvent(client, next));
    } catch {
      await pause(AGAIN_AFTER_MS);
    } finally {
      await client.cut();
    }
  }
  return followed;
}

/** @throws when the connection ends, or nothing comes for long */
async function nextEvent(client: NativeClient, place: number): Promise<TopicEvent> {
  return client.events.all[place] ?? (await client.events.first('an event', () => true, place));
}
