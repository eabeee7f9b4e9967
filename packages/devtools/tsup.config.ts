import { defineConfig, type Options } from 'tsup'
import base from '../../tsup.base.ts'
import { buildPage } from './page-build.ts'

const { esbuildPlugins = [], ...options } = base as Options

export default defineConfig({
  ...options,
  esbuildPlugins: [
    ...esbuildPlugins,
    {
      name: 'page-as-text',
      setup(build) {
        build.onLoad({ filter: /page-bundle\.ts$/ }, () => ({
          contents: `export const PAGE = ${JSON.stringify(buildPage())}`,
          loader: 'js',
        }))
      },
    },
  ],
})
