import { isTestCode, packageOf, type Source } from './source.ts';

/**
 * Imports that go against the arrows of DESIGN 1: main -> modules -> module -> platform; `rules/` stand alone; the console knows the client only.
 * @returns a line for each, empty when all is well.
 */
export function wrongImports(sources: readonly Source[], dependencies: ReadonlySet<string>): string[] {
  const wrong: string[] = [];
  for (const source of sources) {
    for (const { specifier, file, typeOnly } of source.imports) {
      const brought = packageOf(specifier);
      const fault =
        file === undefined
          ? faultOfPackage(source.path, brought, typeOnly, dependencies)
          : faultOfFile(source.path, file, typeOnly);
      if (fault !== undefined) wrong.push(`${source.path} imports ${specifier}: ${fault}`);
    }
  }
  return wrong;
}

function faultOfFile(from: string, to: string, typeOnly: boolean): string | undefined {
  if (to === 'server/main.ts') return 'nothing imports main';
  if (from.startsWith('client/') && !to.startsWith('client/')) return 'the client stands alone';
  if (from.startsWith('console/') && !/^(console|client)\//.test(to)) return 'the console knows the client only';
  if (!from.startsWith('server/')) return undefined;
  if (!isTestCode(from) && isTestCode(to)) return 'the program does not use test code';
  if (!to.startsWith('server/')) return isTestCode(from) ? undefined : 'the server stands alone';
  return faultWithinServer(from, to, typeOnly);
}

function faultWithinServer(from: string, to: string, typeOnly: boolean): string | undefined {
  const [source, target] = [moduleOf(from), moduleOf(to)];
  const isAbove = source === undefined && !from.startsWith('server/platform/');
  if (to === 'server/modules.ts' && !isAbove) return 'only main knows the list of modules';
  if (to.startsWith('server/commands/') && !isAbove) return 'only main knows its commands';
  if (target !== undefined && from.startsWith('server/platform/')) return 'the platform knows no module';
  if (source !== undefined && target !== undefined && source !== target) return 'a module never imports another';
  const inRules = /^server\/modules\/[^/]+\/rules\//.exec(from);
  if (inRules && !typeOnly && !to.startsWith(inRules[0]) && !isTestCode(from)) return 'rules import nothing but types';
  return undefined;
}

function faultOfPackage(
  from: string,
  brought: string | undefined,
  typeOnly: boolean,
  dependencies: ReadonlySet<string>,
): string | undefined {
  if (isTestCode(from) || typeOnly || !from.startsWith('server/')) return undefined;
  if (/\/rules\//.test(from)) return 'rules import nothing but types';
  if (brought !== undefined && !dependencies.has(brought)) return 'not among the dependencies of package.json';
  return undefined;
}

function moduleOf(path: string): string | undefined {
  return /^server\/modules\/([^/]+)\//.exec(path)?.[1];
}
