/** Validation of request parts by their zod schemas, keeping what the error body needs: which part, which value. */
import type { FastifySchemaCompiler } from 'fastify';
import type { ZodType } from 'zod';

/** One thing that is wrong, in zod's own terms. */
export type Issue = NonNullable<ReturnType<ZodType['safeParse']>['error']>['issues'][number];

/** A request part that does not fit its schema. Holds the client's input: never log it. */
export class RequestInvalid extends Error {
  override readonly name = 'RequestInvalid';
  readonly part: string;
  readonly issues: readonly Issue[];
  readonly input: unknown;

  constructor(part: string, issues: readonly Issue[], input: unknown) {
    super('the request does not fit its schema');
    this.part = part;
    this.issues = issues;
    this.input = input;
  }
}

export const compileZodValidator: FastifySchemaCompiler<ZodType> = ({ schema, httpPart }) => {
  const part = httpPart ?? 'body';
  return (data) => {
    // A body that was not sent is refused as an empty one: field by field, by name.
    const result = schema.safeParse(part === 'body' && data === null ? undefined : data);
    return result.success ? { value: result.data } : { error: new RequestInvalid(part, result.error.issues, data) };
  };
};
