/** `/spend/export`: sums of spend as a file. */
import { Readable } from 'node:stream';
import { exportUsage } from '../../management/spend/export-usage.ts';
import type { SpendManagement } from '../../management/spend/spend-management.ts';
import type { App } from '../app-instance.ts';
import { planExport, type UsageExport, UsageExportQuery } from '../schemas/usage-export.ts';
import { parseDays, parseNames, withoutAbsent } from '../schemas/usage-query.ts';

interface SpendExportRoutesDeps {
  spending: SpendManagement;
}

export function registerSpendExportRoutes(app: App, { spending }: SpendExportRoutesDeps): void {
  app.get(
    '/spend/export',
    {
      config: { access: 'spend', scope: 'scoped' },
      schema: {
        tags: ['spend'],
        summary: 'Spend as a file: CSV, NDJSON or FOCUS',
        description:
          'Sums over whole UTC days, oldest first, as far as the caller may see them. FOCUS charges count every call once, ' +
          'whatever its tags.',
        querystring: UsageExportQuery,
      },
    },
    async ({ caller, query }, reply) => {
      const plan = planExport(query.format, query.group_by);
      const filter = {
        ...parseDays(query),
        ...withoutAbsent({
          apiKey: query.api_key,
          userIds: parseNames(query.user_id),
          teamIds: parseNames(query.team_id),
          organizationIds: parseNames(query.organization_id),
          endUsers: parseNames(query.end_user),
          models: parseNames(query.model),
          tags: parseNames(query.tag),
        }),
      };
      const pages = exportUsage(spending, caller, filter, plan.by);
      // What can fail at once should fail as an answer, and not as a file that ends early.
      const first = await pages.next();
      return reply
        .type(plan.contentType)
        .header('content-disposition', `attachment; filename="${plan.fileName}"`)
        .send(Readable.from(toText(plan, first, pages), { objectMode: false }));
    },
  );
}

type Pages = ReturnType<typeof exportUsage>;

/** One page is in memory at a time; the next is read when the client has taken this one. */
async function* toText(plan: UsageExport, first: Awaited<ReturnType<Pages['next']>>, pages: Pages) {
  if (plan.header !== '') yield plan.header;
  for (let page = first; page.done !== true; page = await pages.next()) {
    const { rows, names } = page.value;
    yield rows.map((row) => plan.toLine(row, names)).join('');
  }
}
