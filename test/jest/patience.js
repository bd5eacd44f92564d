'use strict';

// Two busy cores: what takes a second alone takes many beside others. A hang still ends here, later
// than any wait inside a test, whose own message says more. (`testTimeout` of a jest project is shown in its configuration but has no effect.)
jest.setTimeout(180_000);
