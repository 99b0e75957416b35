/** PostgreSQL's NOTIFY channel: something has been added to the change feed. */
export const CHANGES_CHANNEL = 'latchkey_changes';
