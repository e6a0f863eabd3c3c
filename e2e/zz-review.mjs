import { openInstallation } from './support/installation.ts';
import { openStage, openGame, openPool } from './support/match.ts';
const house = await openInstallation();
const show = (label, v) => console.log(label, JSON.stringify(v));
const raw = async (method, path, { body, headers = {} } = {}) => {
  const r = await fetch(house.server.url + path, { method, headers: { ...(body ? { 'content-type': 'application/json' } : {}), ...headers }, body: body && (typeof body === 'string' ? body : JSON.stringify(body)) });
  const t = await r.text();
  return { s: r.status, xsrf: r.headers.getSetCookie().map((c) => c.split('=')[0]), t: t.slice(0, 300) };
};
try {
  const stage = await openStage(house.people);
  const { console: c, sourceId, admin } = stage;
  const g = await openGame(stage);
  const p = await openPool(stage, g);
  for (const [m, u, o] of [
    ['GET', '/r/key/'], ['GET', '/r/nothing/here'], ['PUT', '/r/login/', { body: { username: 'a', password: 'b' } }],
    ['GET', `/r/sources/${sourceId}/games/active/`], ['GET', `/i/r/sources/${sourceId}/games/active`], ['GET', `/r/sources/zz/games/active`],
    ['POST', '/r/login/', { body: '{bad' }], ['POST', '/r/login/', { body: 'x=1', headers: { 'content-type': 'text/plain' } }], ['POST', '/r/logout/'],
    ['GET', `/r/leaderboard/global/`], ['GET', `/r/leaderboard/global/?top_count=101`], ['GET', `/r/leaderboard/global/game/${g}/`], ['GET', `/r/leaderboard/global/game/nope/`],
    ['GET', `/r/leaderboard/global/${g}/${admin.id}/`], ['GET', `/r/leaderboard/personal/${admin.id}`], ['GET', `/r/statistics/`], ['GET', `/r/friends/`],
    ['GET', `/r/games/active/${g}/pools/open`], ['GET', `/r/games/upcoming/${g}/pools/open`], ['GET', `/r/sources/${sourceId}/games/active/${g}/pools/running/${admin.id}/`],
    ['POST', '/r/n/', { body: { email: 'a@b.example' } }], ['POST', '/r/password/recover/', { body: {} }], ['POST', '/r/login/oauth/', { body: { oauthId: 1, oauthToken: 'x', oauthEmail: 'a@b.cd', oauthProvider: 'facebook' } }],
    ['POST', `/r/sources/${sourceId}/games/active/${g}/pools/open/${p}/predictions/`, { body: { target_id: 'chile', amount: 1 } }],
    ['POST', `/r/sources/${sourceId}/games/upcoming/${g}/pools/${p}/predictions/?email=q@q.example`, { body: { user_backed: { chile: 1 } } }],
    ['POST', `/r/sources/${sourceId}/games/upcoming/${g}/pools/${p}/predictions/`, { body: { user_backed: { chile: 1 } } }],
    ['DELETE', '/r/login/'], ['OPTIONS', '/r/login/'],['GET','/ws'],
  ]) show(`${m} ${u.replaceAll(g, 'G').replaceAll(p, 'P').replaceAll(sourceId, 'S')}`, await raw(m, u, o));
  const rest = admin.rest;
  show('fr', (await rest.get(`/r/friends/?user_id=${admin.id}`)).body);
  show('pers', (await rest.get(`/r/leaderboard/personal/?userId=${admin.id}`)).body);
  show('stat', (await rest.get(`/r/statistics/${admin.id.toUpperCase()}`)).body);
  // ws
  const ask = async (op, params) => show(`op ${op} ${JSON.stringify(params ?? {}).slice(0, 120)}`, await c.tell(op, params));
  await ask('380', { source_id: sourceId });
  await ask(395, { game_id: g, action: 'Goal', target_id: 'CHILE:11', happened_at: Date.now() + 6000 });
  await ask(395, { game_id: g, action: 'Goal', target_id: 'chile:11', happened_at: '' });
  await ask(395, { game_id: g, target_id: 'chile:11' });
  await ask(395, { game_id: g.toUpperCase(), action_id: 'yellow-card', target_id: 'none' });
  await ask(385, { game_id: g, description: ' ', action: 'goal', targets: 'chile' });
  await ask(385, { game_id: g, description: 'x', action: 'goal', targets: 'none' });
  await ask(385, { game_id: g, description: 'x', pool_type: '2', action: 'goal', targets: 'chile' });
  await ask(385, { game_id: g, description: 'x', pool_type: '3', targets: 'Ja' });
  await ask(385, { game_id: g, description: 'x', pool_type: 5, targets: 'Ja' });
  await ask(363, { game_id: g }); await ask(363, { game_id: g });
  await ask(364, { game_id: g.toUpperCase() }); await ask(364, { game_id: g });
  await ask(900, { text: 'x' });
  await ask(460, { pool_id: p, is_resolved: 'True' });
  await ask(461, { game_id: g });
  await ask(450, { game_type: 'football' }); await ask(450, { game_type: 'chess' }); await ask(450, { start: -1 });
  await ask(4505, { game_id: g, surroundings_count: '2' }); await ask(4515, {});
  await ask(800, { currency: 'don' });
  await ask(396, { pool_id: p });
  await ask(3961, { game_id: g, action: 'goal', target_id: 'chile:7' });
  await ask(617, { game_id: g, username: 'nobody' });
  await ask(373, { game_id: g, image_url: 'ftp://x' });
  await ask(373, { game_id: g, targets: 'a::b' });
  await ask(366, { source_id: 'x' });
  await ask(375, { game_id: 5 });
  await ask(2.5, {}); await ask('abc', {});
} finally { await house.close(); }
