import { inProjects, shared } from '../vitest.base.ts'

/** Test files that load or start whole programs, which add listeners to their process and read its environment. */
const ALONE = ['servers', 'sdk-examples', 'ai-sdk-server'].map((name) => `test/${name}.test.ts`)

export default inProjects(
  { test: { ...shared.test, name: 'shared', exclude: ALONE } },
  { test: { name: 'alone', include: ALONE } },
)
