/** Figures as a person reads them; pages and reports write them the same. */
export {
  age,
  bytes,
  bytesOf,
  count,
  duration,
  eta,
  percent,
  rate,
  utcMinute,
  utcSecond,
} from '@vm-migrate/api';
