import type { OpcodeClient } from './opcode-client.ts';
import type { People, Person } from './people.ts';

/** A source with its admin, who is developer, S and G, and the admin's connection. */
export interface Stage {
  admin: Person;
  console: OpcodeClient;
  sourceId: string;
}

export const TARGETS = ['Chile:11', 'Chile:7', 'Peru:4'];
export const ACTIONS = ['Goal', 'Yellow Card'];

export async function openStage(people: People): Promise<Stage> {
  const admin = await people.signUpDeveloper('admin');
  const console = await admin.connect();
  const { source_id: sourceId } = await console.expect(335, 365, { source_name: 'A source' });
  return { admin, console, sourceId: sourceId! };
}

/** Opens a game of chile and peru whose admin the stage's admin becomes; nobody has joined it. */
export async function openGame(stage: Stage, params: object = {}): Promise<string> {
  const asked = {
    source_id: stage.sourceId,
    game_name: 'Chile - Peru',
    type: 'football',
    actions: ACTIONS,
    targets: TARGETS,
  };
  const { game_id: gameId } = await stage.console.expect(340, 370, { ...asked, ...params });
  await stage.console.expect(640, 616, { game_id: gameId });
  return gameId!;
}

/** Opens a pool on goals of chile or peru. */
export async function openPool(stage: Stage, gameId: string, params: object = {}): Promise<string> {
  const asked = { game_id: gameId, description: 'Who scores next?', action_id: 'goal', targets: ['chile', 'peru'] };
  const { pool_id: poolId } = await stage.console.expect(350, 385, { ...asked, ...params });
  return poolId!;
}
