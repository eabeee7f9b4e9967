import { buildSync } from 'esbuild'
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
