import { gameTopic } from '../events.ts';
import { opcodesBody } from '../rules/vocabulary.ts';
import { readGame } from '../service/store.ts';
import type { OperationTable } from './operations.ts';

/** Ops about the connection itself: ping, names, logon, joining and leaving games (WS8, WS9, GM14). */
export const connectionOperations = {
  async ping() {
    return { res: 1, body: {} };
  },
  async get_opcodes() {
    return { res: 2, body: opcodesBody() };
  },
  async logon(_params, { connection, wire }) {
    if (connection.logonId !== null) return { res: 112, body: { session_key: connection.logonId } };
    return { res: 100, body: { session_key: await wire.logOn(connection) } };
  },
  async join_game({ game_id: id }, { connection, services, wire }) {
    const { gameId, sourceId } = await readGame(services.deps.database, id);
    const joined = connection.rooms.get(gameId);
    if (joined) return { res: 333, body: { game_id: gameId }, seq: joined.reachedSeq };
    const room = wire.room(gameTopic(gameId));
    const seat = await room.join(connection);
    try {
      const event = await services.attendance.join(connection.principal, connection.id, gameId);
      const seq = seat.start(event?.seq);
      connection.rooms.set(gameId, room);
      await wire.hearSource(connection, sourceId);
      return { res: 333, body: { game_id: gameId }, seq };
    } catch (error) {
      seat.leave();
      throw error;
    }
  },
  async leave_game({ game_id: id }, { connection, services }) {
    const gameId = id.toLowerCase();
    const event = await services.attendance.leave(connection.principal, connection.id, gameId);
    const room = connection.rooms.get(gameId);
    room?.leave(connection);
    // The own 480 may have been told while the seat was still taken (WC3).
    if (event) connection.dropHeld(room?.frameOf(event.seq));
    connection.rooms.delete(gameId);
    return { res: 334, body: { game_id: gameId } };
  },
} satisfies Partial<OperationTable>;
