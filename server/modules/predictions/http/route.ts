import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import type { AccountPrincipal } from '../../../platform/accounts/types.ts';
import type { RouteConfig } from '../../../platform/http/types.ts';
import { missingParameter, RuleError } from '../rules/errors.ts';
import { readId } from '../rules/input.ts';
import { type ParamValues, readParams } from '../rules/params.ts';
import type { PredictionAction } from '../service/access.ts';
import { toEdgeError } from './errors.ts';
import { ErrorBody, type Params, paramsSchema } from './schemas.ts';

/** One route: its parameters are read from query and body alike (AU8, 4.6), the body wins. */
export interface RouteSpec<P extends Params> {
  method: 'GET' | 'POST' | readonly ['POST', 'PUT'];
  /** Each of them answers the same (I38). */
  urls: readonly string[];
  action: PredictionAction | 'public';
  summary: string;
  params: P;
  answer: TSchema;
  config?: Partial<RouteConfig> & { errorForm?: 'bet' };
  /** Refuses before the parameters are looked at. */
  guard?(request: FastifyRequest, fields: Readonly<Record<string, unknown>>): void;
  handle(call: Call<P>): Promise<unknown>;
}

export interface Call<P extends Params> {
  input: ParamValues<P>;
  /** Parameters of the path. */
  path: Readonly<Record<string, string | undefined>>;
  request: FastifyRequest;
  reply: FastifyReply;
}

/** Registers a route under all its paths. */
export function addRoute<const P extends Params>(app: FastifyInstance, spec: RouteSpec<P>): void {
  const { method, action, summary, params, answer, config, guard, handle } = spec;
  const schema = paramsSchema(params);
  for (const url of spec.urls) {
    app.route({
      method: typeof method === 'string' ? method : [...method],
      url,
      config: { action, ...(method === 'GET' ? {} : { bodies: ['json', 'form'] as const }), ...config },
      schema: {
        summary,
        ...(Object.keys(params).length === 0 ? {} : { querystring: schema }),
        ...(method === 'GET' || Object.keys(params).length === 0 ? {} : { body: schema }),
        response: { 200: answer, default: ErrorBody },
      },
      handler: async (request, reply) => {
        try {
          const fields = { ...asFields(request.query), ...asFields(request.body) };
          guard?.(request, fields);
          const path = asFields(request.params) as Call<P>['path'];
          return await handle({ input: readParams(params, fields), path, request, reply });
        } catch (error) {
          throw toEdgeError(error);
        }
      },
    });
  }
}

function asFields(part: unknown): Record<string, unknown> {
  return typeof part === 'object' && part !== null ? { ...part } : {};
}

/** The account behind a request whose action lets no one else through. @throws RuleError 6603 */
export function accountBehind(request: FastifyRequest): AccountPrincipal {
  if (request.principal.kind === 'account') return request.principal;
  throw new RuleError('not_logged_on');
}

const USER_ID = { userId: { kind: 'id', aliases: ['user_id'] } } as const satisfies Params;

/**
 * Registers a call about personal data: it names its user in path, query or body, who must be the caller (AU8). Refused are, in this order: nobody
 * logged in (403), no user id (400), another user (401), whatever else is wrong.
 */
export function addOwnerRoute<const P extends Params>(
  app: FastifyInstance,
  spec: Omit<RouteSpec<P>, 'action' | 'guard' | 'handle'> & { handle(call: OwnerCall<P>): Promise<unknown> },
): void {
  addRoute<Params>(app, {
    ...spec,
    action: 'predictions.play',
    params: { ...spec.params, ...USER_ID },
    guard: (request, fields) => requireOwner(request, { ...fields, ...asFields(request.params) }),
    handle: (call) => spec.handle({ ...call, owner: accountBehind(call.request) } as OwnerCall<P>),
  });
}

export type OwnerCall<P extends Params> = Call<P> & { owner: AccountPrincipal };

/** @throws RuleError 6603 (403) without a login, 6606 without a user id, 6602 (401) for another user */
function requireOwner(request: FastifyRequest, fields: Readonly<Record<string, unknown>>): void {
  const owner = accountBehind(request);
  const asked = readId(fields.userId ?? fields.user_id, 'userId');
  if (asked === null) throw missingParameter('userId');
  if (asked.toLowerCase() !== owner.accountId) {
    throw new RuleError('not_authorized', {}, { text: 'These are the data of another user.' });
  }
}

/** Where a login comes from. */
export function originOf(request: FastifyRequest): { address: string; agent: string } {
  return { address: request.address, agent: request.headers['user-agent'] ?? '' };
}
