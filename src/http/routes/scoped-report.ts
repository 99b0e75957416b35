/** Spend of one key, user, team or organisation by key and model, from the daily sums. To a caller what is its own. */
import { z } from 'zod';
import { type ReportSubject, scopeReport } from '../../management/spend/report-scope.ts';
import type { SpendManagement } from '../../management/spend/spend-management.ts';
import { sumUsage } from '../../management/spend/sum-usage.ts';
import type { App } from '../app-instance.ts';
import { fromKeyReport, fromKeyTeamReport, KeyReport } from '../schemas/global-report.ts';
import { DAY_SHAPE, optionalText, parseDays } from '../schemas/usage-query.ts';

interface ScopedReportRoutesDeps {
  spending: SpendManagement;
}

const REPORTS: readonly { url: string; subject: ReportSubject; whose: string }[] = [
  { url: '/key/spend/report', subject: 'api_key', whose: 'a key, by its secret, hash, key_id or alias' },
  { url: '/user/spend/report', subject: 'internal_user_id', whose: 'a user' },
  { url: '/team/spend/report', subject: 'team_id', whose: 'a team' },
  { url: '/organization/spend/report', subject: 'organization_id', whose: 'an organisation, to who administers it' },
];

export function registerScopedReportRoutes(app: App, { spending }: ScopedReportRoutesDeps): void {
  for (const { url, subject, whose } of REPORTS) {
    app.get(
      url,
      {
        config: { access: 'info', scope: 'scoped' },
        schema: {
          tags: ['spend'],
          summary: `Spend of ${whose}`,
          description: 'By key and model, the dearest key first. Days are UTC.',
          querystring: z.object({
            ...DAY_SHAPE,
            [subject]: optionalText.describe(
              "Absent: the caller's own. Another's to administrators of the proxy alone.",
            ),
          }),
          response: { 200: KeyReport },
        },
      },
      async ({ caller, query }) => {
        const { start_date: start, end_date: end, ...named } = query as Record<string, string | undefined>;
        const days = parseDays({ start_date: start, end_date: end });
        const filter = { ...days, ...(await scopeReport(spending, caller, subject, named[subject])) };
        if (subject !== 'organization_id') {
          return fromKeyReport((await sumUsage(spending, caller, filter, ['key_hash', 'model'])).rows);
        }
        return fromKeyTeamReport((await sumUsage(spending, caller, filter, ['key_hash', 'model', 'team'])).rows);
      },
    );
  }
}
