/** How many tokens a prompt is likely to be billed as, by the estimate that prices calls before they are made. */
import { estimateTokens } from '../../core/token-estimate.ts';
import type { App } from '../app-instance.ts';
import { fromTokenEstimate, TokenCounterBody, TokenCounterReply, toPrompt } from '../schemas/token-counter.ts';

export function registerTokenCounterRoutes(app: App): void {
  app.post(
    '/utils/token_counter',
    {
      config: { access: 'info', scope: 'none' },
      schema: {
        tags: ['models'],
        summary: 'Estimate the tokens of a prompt',
        description:
          'An estimate from the length of the text, the same for every model; no tokenizer is run. What a call is ' +
          'charged in the end is what the upstream counts.',
        body: TokenCounterBody,
        response: { 200: TokenCounterReply },
      },
    },
    ({ body }) => {
      const { operation, prompt } = toPrompt(body);
      return fromTokenEstimate(body.model, estimateTokens(operation, prompt, 0, 0));
    },
  );
}
