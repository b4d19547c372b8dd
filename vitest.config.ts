import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** One project per stage: `scripts/test.mjs` runs them in order and prints their times. */
export default defineConfig({
  test: {
    // Files wait for leases more than they compute, so that even two cores are filled by two.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      stage('unit', ['src/**/*.spec.ts', 'test/architecture/**/*.spec.ts']),
      stage('conformance', ['test/conformance/**/*.spec.ts'], { servers: true }),
      stage('medium', ['test/medium/**/*.spec.ts', 'test/security/**/*.spec.ts'], { servers: true }),
      stage('e2e', ['test/e2e/**/*.spec.ts'], { servers: true, serial: true }),
      stage('chaos', ['test/chaos/**/*.spec.ts'], { servers: true, serial: true }),
    ],
  },
});

function stage(name: string, include: string[], needs: { servers?: boolean; serial?: boolean } = {}) {
  return {
    test: {
      name,
      include,
      testTimeout: needs.servers ? 60_000 : 15_000,
      hookTimeout: 120_000,
      fileParallelism: !needs.serial,
      setupFiles: ['test/support/no-packets.mjs'],
      ...(needs.servers ? { globalSetup: ['test/support/global-setup.ts'] } : {}),
    },
  };
}
