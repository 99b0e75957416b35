/**
 * A unique index refused a row: the one failure of a statement that callers expect. `target` names what was hit:
 * `table.column` on SQLite, the constraint's or index's name on PostgreSQL.
 */
export class UniqueViolation extends Error {
  override readonly name = 'UniqueViolation';
  readonly target: string;

  constructor(target: string, cause: unknown) {
    super(`Unique index violated: ${target}`, { cause });
    this.target = target;
  }
}
