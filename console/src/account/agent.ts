const BROWSERS = [
  ['Edg', 'Edge'],
  ['OPR', 'Opera'],
  ['Firefox', 'Firefox'],
  ['Chrome', 'Chrome'],
  ['Safari', 'Safari'],
] as const;

const SYSTEMS = [
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['Android', 'Android'],
  ['Windows', 'Windows'],
  ['Mac OS', 'macOS'],
  ['Linux', 'Linux'],
] as const;

function firstNamed(agent: string, names: readonly (readonly [string, string])[]): string | undefined {
  return names.find(([mark]) => agent.includes(mark))?.[1];
}

/** A user agent in few words, for example `Firefox, Linux`; its first 60 characters when it is none we know. */
export function describeAgent(agent: string | null): string | undefined {
  if (!agent) return undefined;
  const known = [firstNamed(agent, BROWSERS), firstNamed(agent, SYSTEMS)].filter((name) => name !== undefined);
  return known.length > 0 ? known.join(', ') : agent.slice(0, 60);
}
