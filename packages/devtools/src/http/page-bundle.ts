import { buildPage } from '../../page-build.ts'

/**
 * The script and the style of the page. In the sources they are bundled when they are loaded; `tsup.config.ts` replaces this module by the
 * result, so that the published package has them as texts.
 */
export const PAGE: { readonly script: string; readonly style: string } = buildPage()
