import { defineConfig } from 'vitest/config'
import base, { PROGRAMS } from './vitest.base.ts'

/** `pnpm soak`: runs that take minutes, and are no part of `pnpm test`. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    globalSetup: [PROGRAMS],
    include: ['soak/**/*.soak.ts'],
    testTimeout: 1_800_000,
    reporters: ['verbose'],
  },
})
