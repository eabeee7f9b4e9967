import { defineConfig } from 'vitest/config'
import base, { PROGRAMS } from '../../vitest.base.ts'

export default defineConfig({ ...base, test: { ...base.test, globalSetup: [PROGRAMS] } })
