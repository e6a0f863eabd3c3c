import { predictions } from './modules/predictions/module.ts';
import type { ModuleDefinition } from './platform/module.ts';

/** Every module there is; the only file that knows them all. */
export const MODULES: readonly ModuleDefinition[] = [predictions];
