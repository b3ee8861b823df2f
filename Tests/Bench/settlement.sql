-- The job of settlement as a user would write it on PostgreSQL: one stored procedure an order, that
-- writes what the product keeps: the order, two facts with body and answer, the transaction and its
-- postings with the running balance of each account, the earnings by member and room, the room's figures
-- and the storefront's, and the room's events with their gapless offsets. `settle_plain` leaves out
-- everything that many orders share but the room's offset: balances, earnings, the storefront's figures.
CREATE TABLE skus (id text PRIMARY KEY, supplier text NOT NULL, price bigint NOT NULL,
  cost bigint NOT NULL, rate bigint NOT NULL, sold bigint NOT NULL);
CREATE TABLE rooms (id text PRIMARY KEY, host text NOT NULL, inviter text NOT NULL,
  pact bigint NOT NULL);
CREATE TABLE room_progress (room text PRIMARY KEY, "offset" bigint NOT NULL, orders bigint NOT NULL,
  units bigint NOT NULL, gmv bigint NOT NULL);
CREATE TABLE storefront_progress (id text PRIMARY KEY, sequence bigint NOT NULL, orders bigint NOT NULL,
  units bigint NOT NULL, gmv bigint NOT NULL);
CREATE TABLE room_events (room text, "offset" bigint, at bigint NOT NULL, kind text NOT NULL,
  payload text NOT NULL, PRIMARY KEY (room, "offset"));
CREATE TABLE orders (id text PRIMARY KEY, room text NOT NULL, buyer text NOT NULL,
  promoter text NOT NULL, placed_at bigint NOT NULL, plan_version int NOT NULL, state text NOT NULL,
  paid_at bigint, body text NOT NULL);
CREATE INDEX orders_of_room ON orders (room, placed_at, id);
CREATE INDEX orders_of_promoter ON orders (promoter, placed_at, id);
CREATE INDEX orders_of_buyer ON orders (buyer, placed_at, id);
CREATE TABLE facts (id text PRIMARY KEY, body bytea NOT NULL, answer text NOT NULL, at bigint NOT NULL);
CREATE TABLE transactions (sequence bigint PRIMARY KEY, at bigint NOT NULL, kind text NOT NULL,
  subject text NOT NULL, fact text NOT NULL, digest bytea NOT NULL);
CREATE INDEX transactions_of_subject ON transactions (subject);
CREATE TABLE postings (sequence bigint, ordinal int, account text NOT NULL, member text,
  amount bigint NOT NULL, PRIMARY KEY (sequence, ordinal));
CREATE INDEX postings_of_member ON postings (member) WHERE member IS NOT NULL;
CREATE TABLE balances (account text PRIMARY KEY, amount bigint NOT NULL);
CREATE TABLE earnings (member text, room text, pending bigint NOT NULL, orders bigint NOT NULL,
  PRIMARY KEY (member, room));
CREATE SEQUENCE order_number;
CREATE SEQUENCE transaction_number;

INSERT INTO skus SELECT 'sku-' || n, 'supplier-' || n % 10, 2000 + n * 137, (2000 + n * 137) / 2,
  100000 + n % 5 * 25000, 0 FROM generate_series(0, 199) n;
INSERT INTO rooms SELECT 'room-' || n, 'host-' || n, 'inviter-' || n, 300000
  FROM generate_series(0, 19) n;
INSERT INTO room_progress SELECT id, 0, 0, 0, 0 FROM rooms;
INSERT INTO storefront_progress VALUES ('bench', 0, 0, 0, 0);

-- The shares and postings of an order, in order of account so that two orders never wait for each other
-- in a ring; then the rows that no other order touches. Returns the answer.
CREATE FUNCTION write_order(number bigint, sequence bigint, keeps_balances boolean) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  order_id text := 'o-' || number;
  buyer text := 'buyer-' || (number * 7919) % 5000;
  promoter text := 'promoter-' || number % 200;
  amount_of bigint := 1 + number % 2;
  now bigint := (extract(epoch FROM clock_timestamp()) * 1000)::bigint;
  shop rooms; sku skus; place bigint;
  paid bigint; pool bigint; part bigint; rest bigint; override bigint; supply bigint;
  accounts text[]; members text[]; amounts bigint[]; body text; answer text; i int;
BEGIN
  SELECT * INTO shop FROM rooms WHERE id = 'room-' || number % 20;
  SELECT * INTO sku FROM skus WHERE id = 'sku-' || number % 200;
  paid := sku.price * amount_of;
  pool := paid * sku.rate / 1000000;
  part := pool * shop.pact / 1000000;
  rest := pool - part;
  override := rest * 100000 / 1000000;
  supply := sku.cost * amount_of;
  accounts := ARRAY['buyers', 'pending/' || shop.host, 'pending/' || shop.inviter,
    'pending/' || promoter, 'platform', 'supplier/' || sku.supplier];
  members := ARRAY[NULL, shop.host, shop.inviter, promoter, NULL, NULL];
  amounts := ARRAY[-paid, rest, override, part, paid - supply - pool - override, supply];
  body := format('{"lines":[{"sku":"%s","units":%s,"paid":%s,"cost":%s,"rate":%s}],"attribution":'
    '{"promoter":"%s","source":"code","candidates":[{"source":"code","promoter":"%s"}]},"snapshot":'
    '{"host":"%s","inviter":"%s","pact":%s},"settlement":{"net":%s,"shares":[{"member":"%s",'
    '"rule":"promoter","amount":%s},{"member":"%s","rule":"host","amount":%s},{"member":"%s",'
    '"rule":"hostOverride","amount":%s}],"supplier":%s}}', sku.id, amount_of, paid, supply, sku.rate,
    promoter, promoter, shop.host, shop.inviter, shop.pact, paid, promoter, part, shop.host, rest,
    shop.inviter, override, supply);
  answer := format('{"order":"%s","state":"paid","room":"%s","buyer":"%s","promoter":"%s",'
    '"attributedBy":"code","selfPurchase":false,"currency":"CNY","placedAt":%s,"paidAt":%s,"lines":'
    '[{"sku":"%s","units":%s,"paid":%s,"refunded":0}],"net":%s,"booked":true,"supplier":%s,"platform":%s,'
    '"shares":[{"member":"%s","amount":%s},{"member":"%s","amount":%s},{"member":"%s","amount":%s}],'
    '"sequence":%s}', order_id, shop.id, buyer, promoter, now, now, sku.id, amount_of, paid, paid, supply,
    amounts[5], promoter, part, shop.host, rest, shop.inviter, override, sequence);
  INSERT INTO orders VALUES (order_id, shop.id, buyer, promoter, now, 1, 'paid', now, body);
  INSERT INTO facts VALUES ('order/' || order_id, convert_to(body, 'UTF8'), answer, now),
    ('payment/p-' || number, sha256(convert_to(order_id, 'UTF8')), answer, now);
  INSERT INTO transactions VALUES (sequence, now, 'payment', order_id, 'payment/p-' || number,
    sha256(convert_to(answer, 'UTF8')));
  INSERT INTO postings SELECT sequence, n, accounts[n], members[n], amounts[n]
    FROM generate_series(1, 6) n;
  IF keeps_balances THEN
    FOR i IN 1..6 LOOP
      INSERT INTO balances VALUES (accounts[i], amounts[i])
        ON CONFLICT (account) DO UPDATE SET amount = balances.amount + EXCLUDED.amount;
    END LOOP;
    FOR i IN 2..4 LOOP
      INSERT INTO earnings VALUES (members[i], '', amounts[i], 1), (members[i], shop.id, amounts[i], 1)
        ON CONFLICT (member, room) DO UPDATE
        SET pending = earnings.pending + EXCLUDED.pending, orders = earnings.orders + 1;
    END LOOP;
    UPDATE skus SET sold = sold + amount_of WHERE id = sku.id;
  END IF;
  UPDATE room_progress SET "offset" = "offset" + 2, orders = room_progress.orders + 1,
    units = room_progress.units + amount_of, gmv = gmv + paid
    WHERE room_progress.room = shop.id RETURNING "offset" INTO place;
  INSERT INTO room_events VALUES
    (shop.id, place - 1, now, 'order.placed', format('{"lines":[{"sku":"%s","units":%s}]}', sku.id, amount_of)),
    (shop.id, place, now, 'order.paid', format('{"lines":[{"sku":"%s","units":%s}]}', sku.id, amount_of));
  RETURN answer;
END $$;

CREATE FUNCTION settle() RETURNS text LANGUAGE plpgsql AS $$
DECLARE number bigint := nextval('order_number'); next bigint;
BEGIN
  -- Gapless, as the ledger's sequence has to be: whoever comes next waits for this commit.
  UPDATE storefront_progress SET sequence = sequence + 1, orders = orders + 1
    WHERE id = 'bench' RETURNING sequence INTO next;
  RETURN write_order(number, next, true);
END $$;

CREATE FUNCTION settle_plain() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN write_order(nextval('order_number'), nextval('transaction_number'), false);
END $$;
