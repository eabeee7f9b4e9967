import { defineConfig, type Options } from 'tsup'
import base from '../../tsup.base.ts'
import { pageAsText } from './page-build.ts'

export default defineConfig({ ...(base as Options), esbuildPlugins: [pageAsText] })
