/** Who may use an op (4.2): anybody, logged on, developer, source admin, game admin. Several letters: any of them. */
export type Who = 'A' | 'U' | 'D' | 'S' | 'G';

/** Who besides the caller hears of an op (4.2). */
export type Audience = 'game' | 'source' | 'bettors' | 'appointed';

/** How a parameter is read: see `params.ts`. `change` tells absent (keep) from unset (clear); `value` stays as sent. */
export type ParamKind = 'id' | 'text' | 'time' | 'boolean' | 'list' | 'integer' | 'change' | 'value';

/** One parameter of an op (4.2). */
export type ParamSpec = {
  readonly kind: ParamKind;
  readonly required?: true;
  /** Only these pool types require it; decided by the pool rules. */
  readonly requiredForTypes?: readonly number[];
  /** Not required when this other parameter is given [X]. */
  readonly unless?: string;
  readonly aliases?: readonly string[];
  readonly default?: string | number | boolean;
  /** What an absent parameter stands for when no plain value says it. */
  readonly absentMeans?: 'now' | 'receipt time' | 'generated' | 'keep' | 'all joined games';
  /** Most characters of a text, or largest integer; smallest integer is `least`. */
  readonly most?: number;
  readonly least?: number;
  readonly extension?: true;
};

/** One op (4.2). */
export type OpSpec = {
  readonly op: number;
  readonly aliases: readonly string[];
  readonly params: Readonly<Record<string, ParamSpec>>;
  readonly who: readonly Who[];
  readonly direct: readonly number[];
  readonly broadcast: Readonly<Partial<Record<Audience, readonly number[]>>>;
  /** Has no name of its own in the docs, so op 2 does not list it. */
  readonly unlisted?: true;
};
