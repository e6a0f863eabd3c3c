import type { Policy } from './accounts/types.ts';
import type { Role } from './config/platform-settings.ts';
import type { Settings, ValuesOf } from './config/setting-types.ts';
import type { ConsumerDefinition } from './events/consumers.ts';
import type { Surface } from './http/types.ts';
import type { ExactUpgradeRoute } from './http/upgrades.ts';
import type { DescribedTopic } from './observability/asyncapi.ts';
import type { Platform } from './platform.ts';
import type { TopicDefinition } from './realtime/types.ts';

/** Something that is live in a module, for the front page (PF-61). */
export interface LiveItem {
  title: string;
  path: string;
  status: string;
  detail: string;
}

/** The front door of a module (DESIGN 2): what `modules.ts` lists. */
export interface ModuleDefinition<S extends Settings = Settings> {
  name: string;
  /** For people: navigation, front page. */
  title: string;
  /** Its page in the console. */
  path: string;
  settings: S;
  /** Puts the module together on a platform. Nothing runs yet. */
  create(platform: Platform, settings: ValuesOf<S>): ModuleParts;
}

/** A durable consumer of a module, run by the processes that have its role. */
export interface ModuleConsumer {
  role: Role;
  definition: ConsumerDefinition;
  /** Hears in this process that the cursor of a topic has moved. */
  onMoved?(topic: string, seq: number): void;
}

/** What a module puts on the platform. */
export interface ModuleParts {
  actions: Readonly<Record<string, Policy>>;
  surfaces: readonly Surface[];
  topics?: readonly TopicDefinition[];
  /** The same topics for the machine-readable description. */
  describedTopics?: readonly DescribedTopic[];
  upgrades?: readonly ExactUpgradeRoute[];
  consumers?: readonly ModuleConsumer[];
  /** What is live now; public. */
  live(): Promise<LiveItem[]>;
  /** Called once everything is put together, before the server listens. */
  start?(): Promise<void>;
  /** Fills a fresh installation with something to see, after `start` (platform 8). Resolves to lines for the first screen. */
  demo?(): Promise<readonly string[]>;
  /** Says goodbye to its own connections within the limit and stops what it started, the demo too. */
  stop?(limitMs: number): Promise<void>;
}
