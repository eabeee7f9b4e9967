import { readFileSync } from 'node:fs'
import { defineConfig, type Options } from 'tsup'
import base from '../../tsup.base.ts'

const manifest = readFileSync(new URL('package.json', import.meta.url), 'utf8')
const { version } = JSON.parse(manifest) as { readonly version: string }

/** What the code gets from the build, so that nothing is read from files when it runs. */
export const define = { HARBOR_OTEL_VERSION: JSON.stringify(version) }

export default defineConfig({ ...(base as Options), define })
