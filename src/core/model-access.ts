/**
 * Which models a list of models allows. Keys, teams, their members, users and organisations each have such a list; a call has to pass
 * every list on its path.
 *
 * | entry | allows |
 * |---|---|
 * | none at all, `*`, `all-proxy-models` | every model of the proxy |
 * | a name | that model, or the alias of that name |
 * | `openai/*`, `bedrock/anthropic.*` | names that match, also without their provider (`gpt-4` is `openai/gpt-4`) |
 * | an access group | the models in it |
 * | `all-team-models` | what the team's list allows; every model where there is no team |
 * | `no-default-models` | nothing, whatever else is listed |
 */
import { type ErrorCode, GatewayError } from './gateway-error.ts';
import { guessProviders } from './guess-providers.ts';
import { isWildcard, matchWildcard } from './wildcard.ts';

export interface ModelAccessQuestion {
  /** As the client wrote it, aliases included. */
  requested: string;
  /** What it stands for once aliases are replaced; the same as `requested` where there is none. */
  resolved: string;
  allowed: readonly string[];
  accessGroupsOf: (model: string) => readonly string[];
  /**
   * The provider of a name that carries none. Left out: told by the name alone (`gpt-…` is openai), so that `openai/*`
   * does not open whatever else is served by something that speaks OpenAI's dialect.
   */
  providerOf?: (model: string) => string | undefined;
  /**
   * For `all-team-models`. Null: there is no team, so it restricts nothing, as in LiteLLM. Left out: there is one of which
   * nothing is known, so it allows nothing.
   */
  teamModels?: readonly string[] | null | undefined;
}

/** Whose list refused. */
export type ModelAccessLevel = 'key' | 'team' | 'member' | 'user' | 'organization' | 'end_user';

/** True when the list allows the model under the name that was asked for, or under the one that it stands for. */
export function isModelAllowed(question: ModelAccessQuestion): boolean {
  const matcher = compileModelList(question.allowed);
  if (matcher.nothing) return false;
  if (matcher.everything) return true;
  const { requested, resolved, teamModels } = question;
  if (allowsName(matcher, requested, question)) return true;
  if (resolved !== requested && allowsName(matcher, resolved, question)) return true;
  if (!matcher.asTeam || teamModels === undefined) return false;
  return teamModels === null || isModelAllowed({ ...question, allowed: teamModels, teamModels: undefined });
}

/** The refusal, with the type, status and param that LiteLLM's clients look at. */
export function denyModelAccess(level: ModelAccessLevel, allowed: readonly string[], requested: string): GatewayError {
  const { code, word } = DENIALS[level];
  const list = allowed.map((model) => `'${model}'`).join(', ');
  const asked = requested.slice(0, LONGEST_SHOWN_NAME);
  const why = level === 'end_user' ? 'It is not in the allowed models for this customer. ' : '';
  return new GatewayError(
    code,
    `${word} not allowed to access model. ${why}This ${word} can only access models=[${list}]. Tried to access ${asked}`,
    { param: 'model' },
  );
}

const LONGEST_SHOWN_NAME = 200;

const DENIALS: Readonly<Record<ModelAccessLevel, { code: ErrorCode; word: string }>> = {
  key: { code: 'key_model_access', word: 'key' },
  team: { code: 'team_model_access', word: 'team' },
  // LiteLLM has no type of its own for it.
  member: { code: 'team_model_access', word: 'team member' },
  user: { code: 'user_model_access', word: 'user' },
  organization: { code: 'organization_model_access', word: 'org' },
  end_user: { code: 'customer_model_access', word: 'customer' },
};

interface ModelMatcher {
  everything: boolean;
  nothing: boolean;
  asTeam: boolean;
  /** Names of models and of access groups; which is which is known only per question. */
  names: ReadonlySet<string>;
  wildcards: readonly string[];
}

const compiled = new WeakMap<readonly string[], ModelMatcher>();

/** Lists belong to records that never change, so each is read once however many calls are held against it. */
function compileModelList(list: readonly string[]): ModelMatcher {
  let matcher = compiled.get(list);
  if (matcher === undefined) {
    const names = new Set(list);
    matcher = {
      everything: list.length === 0 || names.has('*') || names.has('all-proxy-models'),
      nothing: names.has('no-default-models'),
      asTeam: names.has('all-team-models'),
      names,
      wildcards: list.filter(isWildcard),
    };
    compiled.set(list, matcher);
  }
  return matcher;
}

function allowsName(matcher: ModelMatcher, name: string, question: ModelAccessQuestion): boolean {
  if (matcher.names.has(name)) return true;
  if (question.accessGroupsOf(name).some((group) => matcher.names.has(group))) return true;
  if (matcher.wildcards.length === 0) return false;
  const spellings = name.includes('/') ? [name] : [name, ...withProvider(name, question.providerOf)];
  return matcher.wildcards.some((pattern) => spellings.some((spelling) => matchWildcard(pattern, spelling) !== null));
}

function withProvider(name: string, providerOf: ModelAccessQuestion['providerOf']): string[] {
  if (providerOf === undefined) return guessProviders(name).map((provider) => `${provider}/${name}`);
  const provider = providerOf(name);
  return provider === undefined ? [] : [`${provider}/${name}`];
}
