/* SPDX-License-Identifier: BSD-2-Clause */
/* list.c - the intrusive list of kernel/base/list.h. */
#include "kernel/base/list.h"

#include "ktap.h"

struct item {
	int value;
	struct list link;
};

static int sum_in_order(struct list *head)
{
	int sum = 0;

	list_each(l, head)
		sum = sum * 10 + list_entry(l, struct item, link)->value;
	return sum;
}

TEST(push_append_remove)
{
	struct list head = LIST_INIT(head);
	struct item a = { .value = 1 }, b = { .value = 2 }, c = { .value = 3 };

	CHECK(list_empty(&head));
	CHECK(!list_first(&head) && !list_last(&head));
	list_append(&head, &b.link);
	list_append(&head, &c.link);
	list_push(&head, &a.link);
	CHECK_EQ(sum_in_order(&head), 123);
	CHECK(list_first(&head) == &a.link && list_last(&head) == &c.link);
	list_remove(&b.link);
	CHECK(list_empty(&b.link));
	CHECK_EQ(sum_in_order(&head), 13);
}

TEST(removal_while_walking)
{
	struct list head = LIST_INIT(head);
	struct item item[9];

	for (int i = 0; i < 9; i++) {
		item[i].value = i + 1;
		list_append(&head, &item[i].link);
	}
	list_each_safe(l, &head)
		if (list_entry(l, struct item, link)->value % 2)
			list_remove(l);
	CHECK_EQ(sum_in_order(&head), 2468);
}

TEST(splice_empties_the_source)
{
	struct list one = LIST_INIT(one), two = LIST_INIT(two);
	struct item a = { .value = 1 }, b = { .value = 2 };

	list_append(&one, &a.link);
	list_append(&two, &b.link);
	list_splice(&one, &two);
	CHECK_EQ(sum_in_order(&one), 12);
	CHECK(list_empty(&two));
	list_splice(&one, &two);
	CHECK_EQ(sum_in_order(&one), 12);
}
