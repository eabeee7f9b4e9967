import { inProjects, shared } from '../../vitest.base.ts'

/** The library that drives the browser replaces functions of its process. */
const ALONE = ['test/browser.test.ts']

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
