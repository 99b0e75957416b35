/** Access groups: names under which models are given to keys, teams and whoever else has a list of models. */
import { z } from 'zod';
import type { Deployment } from '../../core/model.ts';

export const AccessGroup = z.object({
  access_group: z.string(),
  model_names: z.array(z.string()),
  deployment_count: z.number(),
});
export const AccessGroups = z.object({ access_groups: z.array(AccessGroup) });

/** In the order of the configuration. */
export function fromAccessGroups(
  deployments: readonly Pick<Deployment, 'modelName' | 'accessGroups'>[],
): z.output<typeof AccessGroup>[] {
  const names = [...new Set(deployments.flatMap(({ accessGroups }) => accessGroups))];
  return names.map((name) => {
    const members = deployments.filter(({ accessGroups }) => accessGroups.includes(name));
    return {
      access_group: name,
      model_names: [...new Set(members.map(({ modelName }) => modelName))],
      deployment_count: members.length,
    };
  });
}
