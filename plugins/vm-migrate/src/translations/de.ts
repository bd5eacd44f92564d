import { createTranslationMessages } from '@backstage/frontend-plugin-api';
import { actsDe } from './de/acts';
import { commonDe } from './de/common';
import { entityDe } from './de/entity';
import { findingWordsDe } from './de/finding-words';
import { historyDe } from './de/history';
import { migrationDe } from './de/migration';
import { migrationsDe } from './de/migrations';
import { newMigrationDe } from './de/new-migration';
import { operationsDe } from './de/operations';
import { partsDe } from './de/parts';
import { pickerDe } from './de/picker';
import { vmMigrateTranslationRef } from './ref';

/** Loaded when somebody reads German. */
export default createTranslationMessages({
  ref: vmMigrateTranslationRef,
  full: true,
  messages: {
    ...commonDe,
    ...partsDe,
    ...actsDe,
    ...migrationsDe,
    ...entityDe,
    ...historyDe,
    ...migrationDe,
    ...newMigrationDe,
    ...operationsDe,
    ...pickerDe,
    ...findingWordsDe,
  },
});
