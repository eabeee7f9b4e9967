import { inProjects, shared } from '../../vitest.base.ts'

/** Tests that replace modules, or the clock with which the package was loaded. */
const ALONE = ['src/undici/load-dispatcher.test.ts', 'test/long-answers.test.ts']

export default inProjects(
  {
    test: {
      ...shared.test,
      name: 'shared',
      include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
      exclude: ALONE,
    },
  },
  { test: { name: 'alone', include: ALONE } },
)
