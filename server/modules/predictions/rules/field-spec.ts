/** Base of a field: contract letters (4.3), a shape, or a map. `number` has at most 4 decimals, `any` is free. */
type Base =
  | 'id'
  | 's'
  | 'm'
  | 'ms'
  | 'i'
  | 'b'
  | 'number'
  | 'any'
  | '{s: i}'
  | '{s: m}'
  | '{s: s}'
  | ShapeName
  | 'id[]'
  | 'i[]'
  | `${ShapeName}[]`;

/** `?` may be null, `*` may be left out, `+` is our extension [X]. */
export type FieldType = `${Base}${'?' | ''}${'*' | ''}${'+' | ''}`;

export type Fields = Readonly<Record<string, FieldType>>;

export type ShapeName =
  | 'Target'
  | 'Action'
  | 'Bet'
  | 'Dist'
  | 'DistUpdate'
  | 'Pool'
  | 'PoolMine'
  | 'PoolResult'
  | 'GameCard'
  | 'UpcomingGame'
  | 'PastEvent'
  | 'Row'
  | 'FriendBet'
  | 'FriendBets'
  | 'Named'
  | 'Source';

/** A field type taken apart. */
export type ParsedField = {
  readonly base: string;
  readonly isNullable: boolean;
  readonly isOptional: boolean;
  readonly isExtension: boolean;
};

/** Takes a field type apart. */
export function parseField(type: FieldType): ParsedField {
  const base = type.replace(/[?*+]+$/u, '');
  const marks = type.slice(base.length);
  return {
    base,
    isNullable: marks.includes('?'),
    isOptional: marks.includes('*'),
    isExtension: marks.includes('+'),
  };
}
