/** `/audit`: who changed what, for administrators and those who may see everything. */
import { Readable } from 'node:stream';
import { z } from 'zod';
import type { AuditManagement } from '../../management/audit/audit-management.ts';
import { exportAudit } from '../../management/audit/export-audit.ts';
import { getAuditEntry } from '../../management/audit/get-audit-entry.ts';
import { listAudit } from '../../management/audit/list-audit.ts';
import { makeCheckpoint } from '../../management/audit/make-checkpoint.ts';
import type { App } from '../app-instance.ts';
import {
  AuditEntryReply,
  AuditExportQuery,
  AuditPage,
  AuditQuery,
  CheckpointReply,
  fromAuditEntry,
  toAuditFilter,
  toAuditListing,
} from '../schemas/audit.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../schemas/audit-export.ts';
import { TOTAL_HELP, tellTotal } from '../total-header.ts';

export interface AuditRoutesDeps {
  auditManagement: AuditManagement;
}

const config = { access: 'info', scope: 'admin' } as const;
const tags = ['audit'];

export function registerAuditRoutes(app: App, { auditManagement }: AuditRoutesDeps): void {
  app.get(
    '/audit',
    {
      config,
      schema: {
        tags,
        summary: 'The audit log, page by page',
        description: `Newest first. Changes, and attempts that were refused (\`denied\`). ${TOTAL_HELP}`,
        querystring: AuditQuery,
        response: { 200: AuditPage },
      },
    },
    async ({ caller, query }, reply) => {
      const page = await listAudit(auditManagement, caller, toAuditListing(query));
      const { rows, total } = page;
      tellTotal(reply, page);
      return {
        audit_logs: rows.map(fromAuditEntry),
        total,
        page: query.page,
        page_size: query.page_size,
        total_pages: Math.ceil(total / query.page_size),
      };
    },
  );

  app.get(
    '/audit/export',
    {
      config,
      schema: {
        tags,
        summary: 'The audit log as a file',
        description: 'Oldest first, as NDJSON or CSV. Takes the filters of `/audit`.',
        querystring: AuditExportQuery,
      },
    },
    async ({ caller, query }, reply) => {
      const format = EXPORT_FORMATS[query.format];
      const pages = exportAudit(auditManagement, caller, toAuditFilter(query))[Symbol.asyncIterator]();
      // What can fail at once should fail as an answer, and not as a file that ends early.
      const first = await pages.next();
      return reply
        .type(format.contentType)
        .header('content-disposition', `attachment; filename="audit.${query.format}"`)
        .send(Readable.from(toText(format, first, pages), { objectMode: false }));
    },
  );

  app.get(
    '/audit/checkpoint',
    {
      config,
      schema: {
        tags,
        summary: 'A signed statement of where the audit log is now',
        description:
          'Keep it where the gateway cannot reach it; `latchkey audit verify --checkpoint` holds the log against it.',
        response: { 200: CheckpointReply },
      },
    },
    async ({ caller }) => ({ ...(await makeCheckpoint(auditManagement, caller)) }),
  );

  app.get(
    '/audit/:id',
    {
      config,
      schema: { tags, summary: 'One row', params: z.object({ id: z.string() }), response: { 200: AuditEntryReply } },
    },
    async ({ caller, params }) => fromAuditEntry(await getAuditEntry(auditManagement, caller, params.id)),
  );
}

type Page = Parameters<typeof fromAuditEntry>[0][];

/** One page is in memory at a time; the next is read when the client has taken this one. */
async function* toText(
  format: ExportFormat,
  first: IteratorResult<Page>,
  pages: AsyncIterator<Page>,
): AsyncGenerator<string> {
  yield format.header;
  for (let page = first; page.done !== true; page = await pages.next()) {
    const text = page.value.map((entry) => format.toLine(fromAuditEntry(entry))).join('');
    if (text !== '') yield text;
  }
}
