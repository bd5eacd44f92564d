import { createTranslationMessages } from '@backstage/frontend-plugin-api';
import { commonDe } from './de/common';
import { vmMigrateTranslationRef } from './ref';

/** Loaded when somebody reads German. */
export default createTranslationMessages({
  ref: vmMigrateTranslationRef,
  full: true,
  messages: { ...commonDe },
});
