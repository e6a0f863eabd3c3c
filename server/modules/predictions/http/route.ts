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
  const { method, action, summary, params, answer, config, handle } = spec;
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
          const input = readParams(params, { ...asFields(request.query), ...asFields(request.body) });
          return await handle({ input, path: asFields(request.params) as Call<P>['path'], request, reply });
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

/** Parameter of calls about personal data (AU8). */
export const USER_ID = { kind: 'id', aliases: ['user_id'] } as const;

/**
 * The caller, who must be the user the call is about (AU8).
 * @throws RuleError 6603 (403) without a login, 6606 without a user id, 6602 (401) for another user
 */
export function ownerOf(request: FastifyRequest, userId: string | null | undefined): AccountPrincipal {
  const owner = accountBehind(request);
  const asked = readId(userId, 'userId');
  if (asked === null) throw missingParameter('userId');
  if (asked.toLowerCase() !== owner.accountId)
    throw new RuleError('not_authorized', {}, { text: 'These are the data of another user.' });
  return owner;
}

/** Where a login comes from. */
export function originOf(request: FastifyRequest): { address: string; agent: string } {
  return { address: request.address, agent: request.headers['user-agent'] ?? '' };
}
