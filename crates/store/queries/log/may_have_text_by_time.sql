(l.set_id = ANY ($6::bigint[]) OR $7::text[] IS NULL OR l.message ILIKE ANY ($7))
