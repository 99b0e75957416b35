/** What an act leaves in the audit log. */
import { callGateway } from './call-gateway.ts';
import type { TestApp } from './compose-for-test.ts';

/** The rows that the act has added, newest first. */
export async function auditRowsOf(gateway: Pick<TestApp, 'app' | 'masterKey'>, act: () => Promise<unknown>) {
  const total = async () => (await callGateway(gateway, 'GET /audit')).body.total as number;
  const before = await total();
  await act();
  const added = (await total()) - before;
  return added === 0 ? [] : (await callGateway(gateway, `GET /audit?page_size=${added}`)).body.audit_logs;
}
