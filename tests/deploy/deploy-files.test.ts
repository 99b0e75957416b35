// What deploy/ ships: it parses, renders, and says about security and shutdown what the documents promise.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readEnvironment } from '../../src/config/env.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { renderChart } from './render-chart.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(root, 'deploy', path), 'utf8');
/** From SIGTERM: calls in flight have 30 seconds, then bills are shipped. */
const LEAST_STOP_SECONDS = 45;

describe('the chart', () => {
  const chart = join(root, 'deploy/helm/latchkey');
  const values = parse(read('helm/latchkey/values.yaml'));
  const schema = z.fromJSONSchema(JSON.parse(read('helm/latchkey/values.schema.json')));
  const merged = (more: object) => ({ ...values, ...more });
  const byKind = (more: object = {}) =>
    // biome-ignore lint/suspicious/noExplicitAny: manifests have many shapes.
    new Map<string, any>(renderChart(chart, merged(more)).map(({ kind, manifest }) => [kind, manifest]));

  test('the default values fit the schema; a misspelt one does not', () => {
    expect(schema.safeParse(values).success).toBe(true);
    expect(schema.safeParse(merged({ replcias: 2 })).success).toBe(false);
    expect(schema.safeParse(merged({ rootPath: 'no-slash' })).success).toBe(false);
  });

  test('pods run unprivileged on a read-only file system, keep their journal, and have time to end', () => {
    const set = byKind().get('StatefulSet');
    const pod = set.spec.template.spec;
    const [container] = pod.containers;
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 10001 });
    expect(container.securityContext).toMatchObject({
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    });
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(LEAST_STOP_SECONDS);
    const [claim] = set.spec.volumeClaimTemplates;
    expect(container.volumeMounts).toContainEqual({ name: claim.metadata.name, mountPath: '/data' });
    expect(set.spec.replicas).toBe(values.replicas);
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
      expect(container[probe].httpGet.path).toMatch(/^\/health\/(readiness|liveliness)$/);
    }
  });

  test('secrets are references only, and every variable is one that the gateway reads', () => {
    const env: { name: string; value?: string }[] = byKind({ redis: { existingSecret: 'redis' } }).get('StatefulSet')
      .spec.template.spec.containers[0].env;
    const { settings } = readEnvironment(Object.fromEntries(env.map(({ name }) => [name, name])));
    const read = Object.values(settings);
    expect(env.filter(({ name }) => !read.includes(name))).toEqual([]);
    const secret = env.filter(({ name }) => /_(KEY|URL)$/.test(name));
    expect(secret.map(({ name }) => name).sort()).toEqual([
      'DATABASE_URL',
      'LATCHKEY_MASTER_KEY',
      'LATCHKEY_SALT_KEY',
      'REDIS_URL',
    ]);
    for (const one of secret) {
      expect(one).toMatchObject({ valueFrom: { secretKeyRef: { key: one.name } } });
      expect(one.value).toBeUndefined();
    }
  });

  test('the configuration in it is one', () => {
    const yaml = byKind().get('ConfigMap').data['config.yaml'];
    const environment = readEnvironment({ LATCHKEY_CONFIG: 'c.yaml' });
    expect(loadConfig({ environment, readFile: () => yaml }).deployments).toEqual([]);
  });

  test('what can be switched on and off is', () => {
    expect(byKind().has('HorizontalPodAutoscaler')).toBe(false);
    expect(byKind().has('PodDisruptionBudget')).toBe(true);
    const other = byKind({
      autoscaling: { ...values.autoscaling, enabled: true },
      podDisruptionBudget: { enabled: false, maxUnavailable: 1 },
    });
    expect(other.get('HorizontalPodAutoscaler').spec.scaleTargetRef.name).toBe(other.get('StatefulSet').metadata.name);
    expect(other.get('StatefulSet').spec.replicas).toBeUndefined();
    expect(other.has('PodDisruptionBudget')).toBe(false);
  });

  test('services and budgets select the pods', () => {
    const manifests = renderChart(chart, values);
    const set = manifests.find(({ kind }) => kind === 'StatefulSet')?.manifest as {
      spec: { template: unknown; selector: unknown };
    };
    const { labels } = (set.spec.template as { metadata: { labels: object } }).metadata;
    expect(set.spec.selector).toEqual({ matchLabels: labels });
    for (const { kind, manifest } of manifests.filter(({ kind: one }) => one === 'Service')) {
      expect([kind, (manifest.spec as { selector: unknown }).selector]).toEqual([kind, labels]);
    }
  });
});

test('the image runs unprivileged, says whether it is healthy, and installs without scripts', () => {
  const lines = read('Dockerfile')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const words = lines.map((line) => line.trim().split(/\s+/)[0]);
  const allowed = [
    'FROM',
    'WORKDIR',
    'COPY',
    'RUN',
    'ENV',
    'VOLUME',
    'USER',
    'EXPOSE',
    'STOPSIGNAL',
    'HEALTHCHECK',
    'CMD',
    'ENTRYPOINT',
  ];
  expect(words.filter((word) => !allowed.includes(word as string))).toEqual([]);
  expect(words.filter((word) => word === 'FROM')).toHaveLength(2);
  for (const from of lines.filter((line) => line.startsWith('FROM'))) expect(from).toMatch(/^FROM node:\d+\.\d+\S+/);
  const last = lines.slice(words.lastIndexOf('FROM'));
  expect(last.find((line) => line.startsWith('USER'))).toMatch(/^USER [1-9]\d*:[1-9]\d*$/);
  expect(last.findIndex((line) => line.startsWith('USER'))).toBeLessThan(
    last.findIndex((line) => line.startsWith('ENTRYPOINT')),
  );
  expect(last.some((line) => line.startsWith('HEALTHCHECK'))).toBe(true);
  for (const line of lines.filter((one) => /npm (ci|install|prune)/.test(one))) {
    for (const command of line.match(/npm (ci|prune)[^&]*/g) ?? []) expect(command).toContain('--ignore-scripts');
  }
  for (const line of lines.filter((one) => one.startsWith('ENTRYPOINT') || one.startsWith('CMD'))) {
    expect(Array.isArray(JSON.parse(line.replace(/^\w+ /, '')))).toBe(true);
  }
});

test('the compose file has two gateways with a journal each over one PostgreSQL and one Redis', () => {
  const { services, volumes } = parse(read('compose.yaml'), { merge: true });
  expect(Object.keys(services).sort()).toEqual(['gateway-1', 'gateway-2', 'postgres', 'redis']);
  const journals = ['gateway-1', 'gateway-2'].map((name) => {
    const service = services[name];
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], depends_on: { postgres: {}, redis: {} } });
    expect(Number.parseInt(service.stop_grace_period, 10)).toBeGreaterThanOrEqual(LEAST_STOP_SECONDS);
    const [journal] = service.volumes.filter((volume: string) => volume.endsWith(':/data'));
    return journal.split(':')[0];
  });
  expect(new Set(journals).size).toBe(2);
  for (const journal of journals) expect(Object.keys(volumes)).toContain(journal);
  expect(read('compose.yaml')).not.toMatch(/PASSWORD: [^$\n]/);
});

describe('the systemd unit', () => {
  const unit = read('systemd/latchkey.service');

  test('is hardened, reloads by SIGHUP, and lets calls end', () => {
    for (const line of ['ProtectSystem=strict', 'StateDirectory=latchkey', 'NoNewPrivileges=true', 'User=latchkey']) {
      expect(unit).toContain(`\n${line}\n`);
    }
    expect(unit).toContain('ExecReload=/bin/kill -HUP $MAINPID');
    expect(Number(/TimeoutStopSec=(\d+)/.exec(unit)?.[1])).toBeGreaterThanOrEqual(LEAST_STOP_SECONDS);
  });

  const verifies = spawnSync('systemd-analyze', ['--version']).status === 0;
  test.skipIf(!verifies)('systemd understands all of it', () => {
    const { stderr } = spawnSync('systemd-analyze', ['verify', join(root, 'deploy/systemd/latchkey.service')], {
      encoding: 'utf8',
    });
    // What is not installed on this machine is no fault of the unit's.
    const faults = stderr
      .split('\n')
      .filter((line) => /latchkey\.service/.test(line) && !/not executable|No such file/.test(line));
    expect(faults).toEqual([]);
  });
});
