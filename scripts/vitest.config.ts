import { defineConfig } from 'vitest/config'
import base, { shared } from '../vitest.base.ts'

/** Test files that load or start whole programs, which add listeners to their process and read its environment. */
const ALONE = ['servers', 'ai-sdk-server', 'sdk-examples'].map((name) => `test/${name}.test.ts`)

export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: [],
    projects: [
      { extends: true, test: { ...shared.test, name: 'shared', exclude: ALONE } },
      { extends: true, test: { name: 'alone', include: ALONE } },
    ],
  },
})
