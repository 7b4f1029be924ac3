import { describe, expect, test } from '@jest/globals';
import { planCluster, type ClusterPlan } from '../../src/cluster-plan.ts';
import { gatewayCommand } from '../../src/cluster-processes.ts';
import { overriddenVariables } from '../../src/trace/trace-environment.ts';

const url = 'http://127.0.0.1:3150/v1/traces';
const shell = {
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
  OTEL_SERVICE_NAME: 'chat',
  OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=here',
  OTEL_TRACES_SAMPLER: 'always_off',
  OTEL_SDK_DISABLED: 'TRUE',
  OTEL_BSP_SCHEDULE_DELAY: '',
};

function plan(trace: boolean): ClusterPlan {
  const options = { nodes: 2, port: 3000, host: '127.0.0.1', driver: undefined, dataFolder: '/data' };
  return planCluster({ ...options, verbose: false, trace }, undefined);
}

function environments(trace: boolean, userEnvironment: NodeJS.ProcessEnv) {
  const sources = { programs: { haproxy: '', redisServer: '' }, root: '/', driver: undefined, jwtSecret: '' };
  const { gateways } = plan(trace);
  return gateways.map(
    (gateway) => gatewayCommand(gateway, { ...sources, plan: plan(trace), userEnvironment }).env,
  );
}

describe('the environment of gateways', () => {
  test('has the OTEL_* variables of the shell as they are, and none of its own', () => {
    for (const [index, env] of environments(false, shell).entries()) {
      expect(env).toMatchObject({ ...shell, NODE_ID: `gateway-${index + 1}` });
      expect(env).not.toHaveProperty('BROWSER_OTLP_TRACES_ENDPOINT');
    }
  });

  test('with --trace sends every span here, and leaves the rest to the shell', () => {
    for (const env of environments(true, shell)) {
      expect(env).toMatchObject({
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
        OTEL_SERVICE_NAME: 'chat',
        OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=here',
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url,
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
        OTEL_TRACES_SAMPLER: 'always_on',
        OTEL_BSP_SCHEDULE_DELAY: '200',
        OTEL_SDK_DISABLED: 'false',
        OTEL_METRICS_EXPORTER: 'none',
        BROWSER_OTLP_TRACES_ENDPOINT: url,
      });
    }
  });
});

test('what the shell says in vain is named in one line', () => {
  const receiver = { host: '127.0.0.1', port: 3150 };
  expect(overriddenVariables(receiver, { PATH: '/bin', OTEL_SERVICE_NAME: 'chat' })).toBeUndefined();
  expect(overriddenVariables(receiver, { OTEL_TRACES_SAMPLER: 'always_on' })).toBeUndefined();
  expect(overriddenVariables(receiver, shell)).toBe(
    '--trace shows traces here, in spite of OTEL_TRACES_SAMPLER, OTEL_SDK_DISABLED, OTEL_EXPORTER_OTLP_ENDPOINT',
  );
});
