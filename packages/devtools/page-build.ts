import { buildSync, type Plugin } from 'esbuild'
import { join } from 'node:path'

/** Bundles and minifies the code of the page in the browser. */
export function buildPage(): { readonly script: string; readonly style: string } {
  const bundle = (file: string): string => {
    const { outputFiles } = buildSync({
      entryPoints: [join(import.meta.dirname, 'src', 'page', file)],
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      target: 'es2022',
      charset: 'utf8',
    })
    return (outputFiles[0]?.text ?? '').trim()
  }
  return { script: bundle('main.ts'), style: bundle('style.css') }
}

/** Puts the bundled page as texts in the place of `src/http/page-bundle.ts`, which bundles it when it is loaded. */
export const pageAsText: Plugin = {
  name: 'page-as-text',
  setup(build) {
    build.onLoad({ filter: /page-bundle\.ts$/ }, () => ({
      contents: `export const PAGE = ${JSON.stringify(buildPage())}`,
      loader: 'js',
    }))
  },
}
