'use strict';

// Parts whose tests start PostgreSQL, movers or qemu-img: seconds on two busy cores. A hang still
// ends here. (`testTimeout` of a jest project is shown in its configuration but has no effect.)
jest.setTimeout(60_000);
